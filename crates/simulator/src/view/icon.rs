//! Icons of the Feather set (MIT licence), drawn inline.

use leptos::prelude::*;

#[derive(Clone, Copy)]
pub(super) enum Icon {
    Briefcase,
    Close,
    Code,
    Contacts,
    Incoming,
    Minimise,
    Missed,
    Move,
    Outgoing,
    Phone,
    Pin,
    Reload,
    Restore,
    Settings,
    Tasks,
}

const HANDSET: &str = "M22 16.92v3a2 2 0 0 1-2.18 2 19.79 19.79 0 0 1-8.63-3.07 19.5 19.5 0 0 1-6-6 19.79 19.79 0 0 1-3.07-8.67A2 \
2 0 0 1 4.11 2h3a2 2 0 0 1 2 1.72 12.84 12.84 0 0 0 .7 2.81 2 2 0 0 1-.45 2.11L8.09 9.91a16 16 0 0 0 6 6l1.27-1.27a2 2 0 0 1 \
2.11-.45 12.84 12.84 0 0 0 2.81.7A2 2 0 0 1 22 16.92z";

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Briefcase => {
                "M4 7h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM16 21V5a2 2 0 0 0-2-2h-4a2 2 0 0 0-2 2v16"
            }
            Self::Close => "M18 6 6 18M6 6l12 12",
            Self::Code => "M16 18l6-6-6-6M8 6l-6 6 6 6",
            Self::Contacts => {
                "M17 21v-2a4 4 0 0 0-4-4H5a4 4 0 0 0-4 4v2M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M23 21v-2a4 4 0 0 0-3-3.87M16 3.13a4 4 0 0 1 0 7.75"
            }
            Self::Incoming => "M16 2v6h6M23 1l-7 7",
            Self::Minimise => "M5 19h14",
            Self::Missed => "M23 1l-6 6M17 1l6 6",
            Self::Move => "M5 9l-3 3 3 3M9 5l3-3 3 3M15 19l-3 3-3-3M19 9l3 3-3 3M2 12h20M12 2v20",
            Self::Outgoing => "M23 7V1h-6M16 8l7-7",
            Self::Phone => "",
            Self::Pin => "M21 10c0 7-9 13-9 13s-9-6-9-13a9 9 0 0 1 18 0zM12 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
            Self::Reload => "M23 4v6h-6M1 20v-6h6M3.51 9a9 9 0 0 1 14.85-3.36L23 10M1 14l4.64 4.36A9 9 0 0 0 20.49 15",
            Self::Restore => "M5 5h14v14H5z",
            Self::Settings => "M4 21v-7M4 10V3M12 21v-9M12 8V3M20 21v-5M20 12V3M1 14h6M9 8h6M17 16h6",
            Self::Tasks => "M9 11l3 3L22 4M21 12v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2h11",
        }
    }

    const fn has_handset(self) -> bool {
        matches!(self, Self::Phone | Self::Incoming | Self::Outgoing | Self::Missed)
    }

    pub(super) fn view(self) -> impl IntoView {
        view! {
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                {self.has_handset().then(|| view! { <path d=HANDSET/> })}
                <path d=self.path()/>
            </svg>
        }
    }
}
