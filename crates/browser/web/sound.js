// What the scripts of all voice SDKs need of the browser's own sound.

/** How often the level is told. */
export const LEVEL_MS = 200;

/** https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia */
const PROBLEMS = {
  NotAllowedError: "microphone-blocked",
  SecurityError: "microphone-blocked",
  NotFoundError: "no-microphone",
  OverconstrainedError: "no-microphone",
};

/** Why there was no microphone. */
export const microphoneProblem = ({ name }) => PROBLEMS[name] ?? "microphone-busy";

/** A stream of that microphone, or the default one. */
export const openMicrophone = (id) =>
  navigator.mediaDevices.getUserMedia({ audio: id ? { deviceId: { exact: id } } : true });

/** Asks for the microphone without using it, and answers what is in the way, if anything is. */
export async function tryMicrophone(id) {
  try {
    for (const track of (await openMicrophone(id)).getTracks()) track.stop();
  } catch (error) {
    return microphoneProblem(error);
  }
}

/** Tells when a microphone is unplugged. Tracks that the page itself stops don't say so. */
export function whenLost(tracks, tell) {
  for (const track of tracks) track.addEventListener("ended", tell);
}

/** Fields that the browser keeps. Storage is closed to an embedded page where third parties may keep nothing: then there are none. */
export const kept = (storage, key) => ({
  load() {
    try {
      return { ...JSON.parse(window[storage].getItem(key)) };
    } catch {
      return {};
    }
  },
  save(fields) {
    try {
      window[storage].setItem(key, JSON.stringify(fields));
    } catch {
      // They are gone with the page.
    }
  },
});

const CHOICE = kept("localStorage", "cordboard.devices");

/** The browser's devices, and which of them were chosen, by kind: `audioinput` and `audiooutput`. */
export class Devices {
  #there = [];
  #chosen = CHOICE.load();

  /** Looks which are there, and answers them as the widget lists them. */
  async look() {
    this.#there = await navigator.mediaDevices.enumerateDevices();
    const canChoose = "setSinkId" in HTMLMediaElement.prototype;
    return { microphones: this.#list("audioinput"), speakers: canChoose ? this.#list("audiooutput") : [] };
  }

  choose(kind, id) {
    this.#chosen[kind] = this.#of(kind).find(({ deviceId }) => deviceId === id);
    CHOICE.save(this.#chosen);
  }

  /** The id of the one that was chosen, if it is there. Where a page may keep no cookies, ids change with each load, and names don't. */
  chosen(kind) {
    const [there, chosen] = [this.#of(kind), this.#chosen[kind]];
    const same = (field) => there.find((device) => device[field] === chosen?.[field]);
    return (same("deviceId") ?? same("label"))?.deviceId;
  }

  #of(kind) {
    return this.#there.filter((device) => device.kind === kind);
  }

  #list(kind) {
    const chosen = this.chosen(kind);
    return this.#of(kind).map(({ deviceId, label }) => ({ id: deviceId, label, chosen: deviceId === chosen }));
  }
}

/** A tone as a sound file: one byte a sample, 8,000 a second. */
export function tone(seconds, hertz) {
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
