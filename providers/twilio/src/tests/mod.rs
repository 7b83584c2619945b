mod requests;
mod vectors;
mod webhooks;
