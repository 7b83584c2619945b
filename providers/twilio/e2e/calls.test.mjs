// Calls over Twilio's voice SDK: what every provider's tests do.
import { calls } from "../../../crates/emulator/e2e/calls.mjs";
import { ACCOUNT, readLeg } from "./lib/emulator.mjs";

const keys = ({ signal }) => `
account_sid = "${ACCOUNT.sid}"
auth_token = "${ACCOUNT.token}"
api_key_sid = "${ACCOUNT.key}"
api_key_secret = "${ACCOUNT.secret}"
sdk_options = '${JSON.stringify({ chunderw: signal, publishEvents: false })}'
`;

await calls({ name: "twilio", readLeg, keys, pauses: true });
