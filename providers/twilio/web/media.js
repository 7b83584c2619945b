// The agent's audio over Twilio's voice SDK, as crates/browser's `Media` calls it: `open(emit)` gives the orders, and
// `emit(event, value)` tells what happens. The SDK's own words stay in here.
import { Device } from "@twilio/voice-sdk";
import { Devices, LEVEL_MS, microphoneProblem, tone, tryMicrophone, whenLost } from "../../../crates/browser/web/sound.js";

/** Twilio's error codes as problems; others are told by their code. https://www.twilio.com/docs/api/errors */
const PROBLEMS = new Map([
  ...[20101, 20104, 20151, 20157, 31202, 31204, 31205, 31207].map((code) => [code, "expired"]),
  ...[31000, 31003, 31005, 31009, 53000, 53001, 53405].map((code) => [code, "network"]),
  [31401, "microphone-blocked"],
  [31402, "microphone-busy"],
]);

/** How long before a token runs out another is asked for. */
const RENEWAL_MS = 60_000;
/** How long the replacement of a token that was refused may take. */
const REPLACED_MS = 10_000;

/** Of the SDK's sounds only the keys' are of use, and they would be loaded from Twilio's server: none is played. */
const SOUNDS = ["incoming", "outgoing", "disconnect", ..."0123456789sh"].map((name) =>
  name.length > 1 ? name : `dtmf${name}`,
);

export function open(emit) {
  let device;
  const devices = new Devices();
  const legs = new Set();
  /** Whether the microphone went away in a call, so that another one has to be taken. */
  let isDeaf = false;
  /** A token was refused, and another one is awaited or tried. If that is refused too, somebody has to know. */
  let replacement;

  const tellDevices = async () => emit("devices", await devices.look());

  const choose = (kind, id) => {
    devices.choose(kind, id);
    tellDevices();
  };

  /** The default, if none is chosen or there. */
  const hear = async (audio) => {
    const id = devices.chosen("audiooutput");
    if (id !== undefined) await audio.speakerDevices.set(id);
  };

  /** For a call: the SDK forgets the microphone after it, and a speaker that was gone for a while. */
  const useChosen = (audio) => {
    const id = devices.chosen("audioinput");
    return Promise.allSettled([id !== undefined && audio.setInputDevice(id), hear(audio)]);
  };

  const settle = () => {
    clearTimeout(replacement?.timer);
    replacement = undefined;
  };

  const replaced = () => {
    const isGood = replacement.isThere && device?.state === "registered";
    settle();
    if (!isGood) emit("stopped", "expired");
  };

  const fail = ({ code }) => {
    const problem = PROBLEMS.get(code) ?? code ?? 0;
    if (problem !== "expired") return emit("stopped", problem);
    if (replacement?.isThere) {
      settle();
      return emit("stopped", problem);
    }
    if (replacement) return;
    replacement = { isThere: false, timer: setTimeout(replaced, REPLACED_MS) };
    emit("reconnecting");
    emit("expiring");
  };

  const watch = (stream) =>
    whenLost(stream?.getAudioTracks() ?? [], () => {
      if (legs.size === 0) return;
      isDeaf = true;
      emit("stopped", "no-microphone");
    });

  const speakInto = async (id) => {
    const { audio } = device;
    try {
      // The one that it has is opened again only so.
      await (audio.inputDevice?.deviceId === id ? audio.unsetAudioConstraints() : audio.setInputDevice(id));
    } catch (error) {
      return emit("stopped", microphoneProblem(error));
    }
    watch(audio.inputStream);
    isDeaf = false;
    emit("ready");
  };

  /** It is open in calls only: between them it is tried. */
  const take = async (id) => {
    if (legs.size > 0) return speakInto(id);
    const problem = await tryMicrophone(id);
    if (problem) return emit("stopped", problem);
    isDeaf = false;
    if (device?.state === "registered") emit("ready");
  };

  const join = async (leg) => {
    const { audio } = device;
    let told = 0;
    legs.add(leg);
    const leave = () => {
      legs.delete(leg);
      if (legs.size > 0) return;
      emit("level", 0);
      // The SDK would keep it open.
      audio.unsetInputDevice().catch(() => {});
    };
    for (const end of ["disconnect", "cancel", "reject"]) leg.on(end, leave);
    leg.on("accept", () => watch(leg.getLocalStream()));
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
    await useChosen(audio);
    if (legs.has(leg)) leg.accept();
    else leave();
  };

  const orders = {
    /** Registers with a token. `settings` are options of the SDK's Device. */
    async start({ token, settings }) {
      settle();
      if (device && (device.state === "registered" || legs.size > 0)) {
        device.updateToken(token);
        if (!isDeaf) return device.state === "registered" && emit("ready");
        const [first] = device.audio.availableInputDevices.keys();
        const id = devices.chosen("audioinput") ?? first;
        return id === undefined ? emit("stopped", "no-microphone") : take(id);
      }
      // One that could not register may never do so again. https://github.com/twilio/twilio-voice.js/issues/231
      device?.destroy();
      device = undefined;
      const problem = await tryMicrophone();
      if (problem) return emit("stopped", problem);
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
      device.on("registered", () => {
        settle();
        emit("ready");
      });
      device.on("unregistered", () => emit("reconnecting"));
      device.on("tokenWillExpire", () => emit("expiring"));
      device.on("error", fail);
      device.on("incoming", join);
      device.audio.on("deviceChange", tellDevices);
      // Before a call can come, which takes what is chosen.
      await tellDevices();
      await device.register().catch(fail);
    },
    renew({ token }) {
      device?.updateToken(token);
      if (!replacement) return;
      replacement.isThere = true;
      if (device?.state === "registered") emit("ready");
    },
    stop() {
      settle();
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
    microphone(id) {
      choose("audioinput", id);
      return take(id);
    },
    speaker(id) {
      choose("audiooutput", id);
      return device && hear(device.audio).catch(tellDevices);
    },
    async "test-speaker"() {
      const audio = device?.audio;
      if (!audio) return;
      await hear(audio).catch(() => {});
      return audio.speakerDevices.test(tone(0.5, 440));
    },
  };
  // Twilio has no request that presses keys: the line has them pressed here.
  emit("keys");
  return (order, value) => orders[order](value);
}
