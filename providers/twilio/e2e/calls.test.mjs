// Calls over Twilio's voice SDK: what every provider's tests do.
import { calls } from "../../../crates/emulator/e2e/calls.mjs";
import { TWILIO } from "./lib/emulator.mjs";

await calls(TWILIO);
