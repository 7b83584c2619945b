// The agent's audio over Twilio's voice SDK, as crates/browser's `Media` calls it: `open(emit)` gives the orders, and
// `emit(event, value)` tells what happens. The SDK's own words stay in here.
import { Device } from "@twilio/voice-sdk";

/** Twilio's error codes as problems; others are told by their code. https://www.twilio.com/docs/api/errors */
const PROBLEMS = new Map([
  ...[20101, 20104, 20151, 20157, 31202, 31204, 31205, 31207].map((code) => [code, "expired"]),
  ...[31000, 31003, 31005, 31009, 53000, 53001, 53405].map((code) => [code, "network"]),
  [31401, "microphone-blocked"],
  [31402, "microphone-busy"],
]);

/** https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia */
const MICROPHONE_PROBLEMS = {
  NotAllowedError: "microphone-blocked",
  SecurityError: "microphone-blocked",
  NotFoundError: "no-microphone",
  OverconstrainedError: "no-microphone",
};

/** How long before a token runs out another is asked for. */
const RENEWAL_MS = 60_000;
/** How often the level is told. */
const LEVEL_MS = 200;

/** Of the SDK's sounds only the keys' are of use, and they would be loaded from Twilio's server: none is played. */
const SOUNDS = ["incoming", "outgoing", "disconnect", ..."0123456789sh"].map((name) =>
  name.length > 1 ? name : `dtmf${name}`,
);

/** A tone as a sound file: one byte a sample, 8,000 a second. */
function tone(seconds, hertz) {
  const samples = Math.round(8000 * seconds);
  const bytes = new Uint8Array(44 + samples);
  const view = new DataView(bytes.buffer);
  const text = (place, word) => [...word].forEach((letter, index) => view.setUint8(place + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, samples, true);
  for (let index = 0; index < samples; index += 1) {
    bytes[44 + index] = 128 + 40 * Math.sin((2 * Math.PI * hertz * index) / 8000);
  }
  return `data:audio/wav;base64,${btoa(String.fromCharCode(...bytes))}`;
}

const list = (devices) => Array.from(devices.values(), ({ deviceId, label }) => ({ id: deviceId, label }));

export function open(emit) {
  let device;
  const legs = new Set();

  const tellDevices = () => {
    const { audio } = device;
    emit("devices", {
      microphones: list(audio.availableInputDevices),
      speakers: audio.isOutputSelectionSupported ? list(audio.availableOutputDevices) : [],
    });
  };

  const fail = ({ code }) => emit("stopped", PROBLEMS.get(code) ?? code ?? 0);

  const join = (leg) => {
    let told = 0;
    legs.add(leg);
    const leave = () => {
      legs.delete(leg);
      if (legs.size === 0) emit("level", 0);
    };
    for (const end of ["disconnect", "cancel", "reject"]) leg.on(end, leave);
    leg.on("error", (error) => {
      if (PROBLEMS.get(error.code)?.startsWith("microphone")) fail(error);
    });
    leg.on("reconnecting", () => emit("reconnecting"));
    leg.on("reconnected", () => emit("ready"));
    leg.on("volume", (input) => {
      const now = performance.now();
      if (now - told < LEVEL_MS) return;
      told = now;
      emit("level", Math.round(100 * input));
    });
    leg.accept();
  };

  const orders = {
    /** Registers with a token. `settings` are options of the SDK's Device. */
    async start({ token, settings }) {
      if (device) return device.updateToken(token);
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        for (const track of stream.getTracks()) track.stop();
      } catch ({ name }) {
        emit("stopped", MICROPHONE_PROBLEMS[name] ?? "microphone-busy");
        return;
      }
      device = new Device(token, {
        allowIncomingWhileBusy: true,
        appName: "cordboard",
        codecPreferences: ["opus", "pcmu"],
        disableAudioContextSounds: true,
        logLevel: "silent",
        sounds: Object.fromEntries(SOUNDS.map((name) => [name, tone(0.01, 0)])),
        tokenRefreshMs: RENEWAL_MS,
        ...settings,
      });
      // The widget rings by itself, and only when the agent wants it to.
      for (const sound of ["incoming", "outgoing", "disconnect"]) device.audio[sound](false);
      device.on("registered", () => emit("ready"));
      device.on("unregistered", () => emit("reconnecting"));
      device.on("tokenWillExpire", () => emit("expiring"));
      device.on("error", fail);
      device.on("incoming", join);
      device.audio.on("deviceChange", tellDevices);
      tellDevices();
      await device.register().catch(fail);
    },
    renew: ({ token }) => device?.updateToken(token),
    stop() {
      legs.clear();
      device?.destroy();
      device = undefined;
    },
    /** Tells whether there was such a call to press them in. */
    digits({ call, digits }) {
      const leg = [...legs].find((leg) => leg.customParameters.get("call") === call && leg.status() === "open");
      leg?.sendDigits(digits);
      return Boolean(leg);
    },
    microphone: (id) => device?.audio.setInputDevice(id).catch(() => emit("stopped", "microphone-busy")),
    speaker: (id) => device?.audio.speakerDevices.set(id).catch(tellDevices),
    "test-speaker": () => device?.audio.speakerDevices.test(tone(0.5, 440)),
  };
  return (order, value) => orders[order](value);
}
