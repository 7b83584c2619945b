//! Reads the tables of `cordboard::protocol`, which are written for a macro, and writes them for people.

use std::fmt::Write as _;

/// One of the source's tables.
struct Table<'a> {
    /// `messages`, `record` or `words`.
    kind: &'a str,
    name: &'a str,
    about: String,
    rows: Vec<Row<'a>>,
}

/// `/// About.`, `name: Type = "wire" | "alias",`
struct Row<'a> {
    about: String,
    /// What stands before `=`.
    item: &'a str,
    wire: Vec<&'a str>,
}

impl Row<'_> {
    fn wire(&self) -> String {
        self.wire.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
    }
}

/// A part of the chapter, from the source of a module.
pub(crate) fn chapter(title: &str, source: &str) -> String {
    let (mut messages, mut others) = (String::new(), String::new());
    for table in tables(source) {
        let Table { kind, name, about, rows } = table;
        match kind {
            "messages" => {
                messages += &format!("\n## {title}\n\n| message | what it says | data |\n|---|---|---|\n");
                for row in rows {
                    let data = row
                        .item
                        .split_once("data: ")
                        .map_or(String::new(), |(_, data)| format!("`{}`", data.trim_end_matches(')')));
                    let _ = writeln!(messages, "| {} | {} | {data} |", row.wire(), row.about);
                }
            }
            "record" => {
                others += &format!("\n### `{name}`\n\n{about}\n\n| field | | what |\n|---|---|---|\n");
                for row in rows {
                    let need = if row.item.contains(": Option<") { "" } else { "required" };
                    let _ = writeln!(others, "| {} | {need} | {} |", row.wire(), row.about);
                }
            }
            _ => {
                others += &format!("\n### `{name}`\n\n{about}\n\n| word | what |\n|---|---|\n");
                for row in rows {
                    let _ = writeln!(others, "| {} | {} |", row.wire(), row.about);
                }
            }
        }
    }
    messages + &others
}

fn tables(source: &str) -> Vec<Table<'_>> {
    let mut tables = Vec::new();
    let mut kind = None;
    let mut about = String::new();
    let mut table: Option<Table<'_>> = None;
    for line in source.lines() {
        let text = line.trim();
        if let Some(opened) =
            ["messages", "record", "words"].into_iter().find(|kind| line.strip_prefix(kind) == Some("! {"))
        {
            kind = Some(opened);
        } else if line == "}" {
            tables.extend(table.take());
            kind = None;
        } else if let Some(kind) = kind {
            if let Some(comment) = text.strip_prefix("///") {
                let space = if about.is_empty() { "" } else { " " };
                about = about + space + comment.trim();
            } else if let (None, Some(name)) = (&table, text.strip_suffix(" {")) {
                table = Some(Table { kind, name, about: plain(&std::mem::take(&mut about)), rows: Vec::new() });
            } else if let (Some(table), Some((item, wire))) = (&mut table, text.split_once(" = ")) {
                let wire = wire.trim_end_matches(',').split(" | ").map(|name| name.trim_matches('"')).collect();
                table.rows.push(Row { about: plain(&std::mem::take(&mut about)), item, wire });
            }
        }
    }
    tables
}

/// Without the links, which mean something to rustdoc only.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else { break };
        plain += &format!("{before}`{name}`");
        rest = after.strip_prefix('(').and_then(|link| link.split_once(')')).map_or(after, |(_, after)| after);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read() {
        let source = r#"
messages! {
    /// A message.
    #[allow(clippy::large_enum_variant, reason = "x")]
    HostMessage {
        /// The user clicked,
        /// see [`Other`](Self::Other).
        DialNumber(data: DialNumber) = "DIAL_NUMBER",
        /// Gone.
        Unloading = "UNLOADING",
    }
}

record! {
    /// A number.
    DialNumber {
        /// The number.
        phone_number: Sensitive = "phoneNumber" | "phone_number",
        /// The account.
        portal_id: Option<Id> = "portalId",
    }
}
"#;
        let expected = "\n## From there\n\n| message | what it says | data |\n|---|---|---|\n\
            | `DIAL_NUMBER` | The user clicked, see `Other`. | `DialNumber` |\n| `UNLOADING` | Gone. |  |\n\
            \n### `DialNumber`\n\nA number.\n\n| field | | what |\n|---|---|---|\n\
            | `phoneNumber` or `phone_number` | required | The number. |\n| `portalId` |  | The account. |\n";
        assert_eq!(chapter("From there", source), expected);
    }
}
