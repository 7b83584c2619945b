// Calls over Vonage's client SDK: what every provider's tests do.
import { calls } from "../../../crates/emulator/e2e/calls.mjs";
import { VONAGE } from "./lib/account.mjs";

await calls(VONAGE);
