mod client;
mod orders;
