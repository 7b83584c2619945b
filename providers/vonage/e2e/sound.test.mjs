// The agent's microphone over Vonage's client SDK: what every provider's tests do.
import { microphones } from "../../../crates/emulator/e2e/sound.mjs";
import { VONAGE } from "./lib/account.mjs";

await microphones(VONAGE);
