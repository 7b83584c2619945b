//! The list of a type's records.

use super::{avatar, call_link, record_link};
use crate::crm::{ObjectType, of_type};
use crate::driver::App;
use leptos::prelude::*;

pub(super) fn records_page(app: App, object_type: ObjectType) -> impl IntoView {
    let rows: Vec<_> = of_type(object_type)
        .map(|record| {
            let phones: Vec<_> =
                record.phones.iter().map(|phone| view! { <div>{call_link(app, record, phone)}</div> }).collect();
            let phones = if phones.is_empty() { "None".into_any() } else { phones.into_any() };
            let detail = record.properties.last().map_or("", |(_, value)| value);
            view! {
                <tr>
                    <td>
                        <span class="named">{avatar(record, "avatar")} {record_link(app, record)}</span>
                    </td>
                    <td>{phones}</td>
                    <td><bdi>{record.subtitle}</bdi></td>
                    <td class="muted">{detail}</td>
                </tr>
            }
        })
        .collect();
    let detail = match object_type {
        ObjectType::Contact => "Number in the demo network",
        ObjectType::Company => "Employees",
        ObjectType::Site => "Access",
    };
    view! {
        <div class="page-head"><h1>{object_type.plural()}</h1></div>
        <div class="card table-scroll" tabindex="0" role="region" aria-label=object_type.plural()>
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Phone"</th>
                        <th scope="col">"Description"</th>
                        <th scope="col">{detail}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
