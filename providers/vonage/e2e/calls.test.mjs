// Calls over Vonage's client SDK: what every provider's tests do.
import { calls } from "../../../crates/emulator/e2e/calls.mjs";
import { ACCOUNT, readLeg, settings } from "./lib/account.mjs";

const keys = (emulator) => `
application_id = "${ACCOUNT.application}"
private_key_file = ${JSON.stringify(ACCOUNT.keyFile)}
api_key = "${ACCOUNT.apiKey}"
api_secret = "${ACCOUNT.apiSecret}"
signature_secret = "${ACCOUNT.signatureSecret}"
hold_music_url = "https://calls.example.com/music.mp3"
sdk_options = '${JSON.stringify(settings(emulator))}'
`;

await calls({ name: "vonage", readLeg, keys, pauses: false });
