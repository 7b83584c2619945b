//! Turns an app's WebAssembly into a folder that any static host can serve: one page that holds its own script and
//! style, the module under a hashed name, everything compressed ahead, and the headers that the host must send.

mod assets;
mod bindgen;
mod flags;
mod gateway;
mod headers;
mod hosts;
mod order;
mod page;
mod policy;
mod slim;
mod wasm_opt;

use crate::assets::Asset;
use crate::flags::Bundle;
use crate::gateway::Gateway;
use crate::hosts::HostPattern;
use crate::page::Values;
use crate::policy::Policy;
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::io::ErrorKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Bundle::from_env_or_exit().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a command line program talks to its user")]
            {
                eprintln!("error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

impl Bundle {
    fn run(self) -> Result<()> {
        let mut joined = bindgen::join(&self.wasm)?;
        let module = match &self.wasm_opt {
            Some(program) => {
                slim::cut_panics(&mut joined.module);
                slim::shorten_names(&mut joined);
                order::by_likeness(&wasm_opt::optimise(program, &joined.module.emit_wasm())?)?
            }
            None => joined.module.emit_wasm(),
        };
        let theme = match &self.theme {
            Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
            None => String::new(),
        };
        let hosts = HostPattern::with_default(&self.allow_host);
        let module = Asset::hashed("app", "wasm", module);
        let media = match (&self.media, &self.esbuild) {
            (Some(script), Some(program)) => Some(Asset::hashed("media", "js", slim::bundle(program, script)?)),
            (Some(_), None) => bail!("--media needs --esbuild"),
            (None, _) => None,
        };
        let html = page::fill(
            &self.page,
            &Values::from([
                ("title", page::escape(&self.title)),
                ("hosts", hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
                ("gateway", self.gateway.as_ref().map(Gateway::meta).unwrap_or_default()),
                ("theme", theme),
                ("glue", joined.script),
                ("media", media.as_ref().map(|media| media.path.clone()).unwrap_or_default()),
                ("wasm", module.path.clone()),
                ("wasm-integrity", assets::integrity(&module.bytes)),
            ]),
        )?;
        let html = match &self.esbuild {
            Some(program) if self.wasm_opt.is_some() => slim::minify_elements(program, &html)?,
            _ => html,
        };
        let mut connect = self.connect.clone();
        if let Some(gateway) = &self.gateway {
            ensure!(
                html.contains(&gateway.meta()),
                "the page needs {{{{gateway}}}} in its head to be told of --gateway"
            );
            connect.extend(gateway.sources());
        }
        let policy =
            if self.crm { Policy::crm(&html) } else { Policy::widget(&html, &hosts, &connect, media.is_some()) };
        let html = page::fill_policy(&html, &policy.meta())?;

        match fs::remove_dir_all(&self.out) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot empty {}", self.out.display()));
            }
            _ => {}
        }
        fs::create_dir_all(&self.out)?;
        fs::write(self.out.join("_headers"), headers::headers(&policy.header(), &module.path, self.crm))?;
        for asset in [Asset::new("index.html", html), module].into_iter().chain(media) {
            asset.write(&self.out)?;
            if self.compress {
                asset.write_compressed(&self.out)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_all_that_a_static_host_needs() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("app.wasm"), b"\0asm\x01\0\0\0").unwrap();
        let page = "<meta content=\"{{policy}}\"><meta content=\"{{hosts}}\">{{gateway}}<title>{{title}}</title>\
            <style>{{theme}}</style><link href=\"{{wasm}}\" data-integrity=\"{{wasm-integrity}}\"><script>{{glue}}</script>";
        fs::write(path("page.html"), page).unwrap();
        fs::write(path("theme.css"), "a { color: red }").unwrap();
        fs::create_dir(path("out")).unwrap();
        fs::write(path("out/stale.js"), "").unwrap();
        let text = |name: &str| path(name).into_os_string();
        let flags = Bundle::from_vec(vec![
            "--wasm".into(),
            text("app.wasm"),
            "--page".into(),
            text("page.html"),
            "--theme".into(),
            text("theme.css"),
            "--out".into(),
            text("out"),
            "--title".into(),
            "A & B".into(),
            "--compress".into(),
            "--allow-host".into(),
            "http://localhost:*".into(),
            "--gateway".into(),
            "https://calls.example.com".into(),
        ]);
        flags.unwrap().run().unwrap();

        let html = fs::read_to_string(path("out/index.html")).unwrap();
        let headers = fs::read_to_string(path("out/_headers")).unwrap();
        let module = html.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let integrity = assets::integrity(&fs::read(path("out").join(module)).unwrap());
        assert!(html.contains(&format!("data-integrity=\"{integrity}\"")), "the page knows its module");
        assert!(html.contains("<title>A &amp; B</title><style>a { color: red }</style>"));
        assert!(html.contains("content=\"https://app.hubspot.com https://app-*.hubspot.com http://localhost:*\""));
        assert!(html.contains("<meta name=\"cordboard-gateway\" content=\"https://calls.example.com\"><title>"));
        for text in [&html, &headers] {
            assert!(text.contains("connect-src 'self' https://calls.example.com wss://calls.example.com; "));
        }
        for hash in page::inline_hashes(&html, "script").into_iter().chain(page::inline_hashes(&html, "style")) {
            assert!(
                html.contains(&format!("'{hash}'")) && headers.contains(&format!("'{hash}'")),
                "what the page holds may run"
            );
        }
        assert!(headers.contains(&format!("\n/{module}\n")), "the module has its type");
        for suffix in [".br", ".gz"] {
            assert!(path("out").join(format!("{module}{suffix}")).exists());
        }
        assert!(!path("out/stale.js").exists(), "what an older build left is gone");
    }
}
