mod orders;
mod requests;
mod vectors;
mod webhooks;
