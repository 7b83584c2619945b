mod recordings;
mod requests;
mod vectors;
mod webhooks;
