// The agent's audio over Vonage's client SDK, as crates/browser's `Media` calls it: `open(emit)` gives the orders, and
// `emit(event, value)` tells what happens. The SDK's own words stay in here.
import {
  Devices,
  LEVEL_MS,
  kept,
  microphoneProblem,
  openMicrophone,
  tone,
  tryMicrophone,
  whenLost,
} from "../../../crates/browser/web/sound.js";

/** The SDK's error codes as problems; others can't be told apart. */
const PROBLEMS = {
  "session:error:expired-token": "expired",
  "session:error:invalid-token": "expired",
  "session:error:empty-token": "expired",
  "session:error:timeout": "network",
  "session:error:websocket-transport-invalid": "network",
};
/** What the SDK says when it took a call and got no audio. */
const NO_AUDIO = "voice:error:inbound_call_failed";

/** How long after a session was lost for good another is tried. */
const RETRY_MS = 5_000;
/** The SDK never settles an answer whose audio doesn't come, nor a reconnection that the cloud refuses. */
const AUDIO_MS = 15_000;
/**
 * What a page takes up again after a reload: names of a session and its calls, useless without a token. Without them a reload ends the
 * audio, and the gateway calls this page again.
 */
const memory = kept("sessionStorage", "cordboard.vonage");

/** Its licence does not let anybody hand it on: whoever builds the app installs it, or there is none. */
async function load() {
  try {
    return await import("@vonage/client-sdk");
  } catch {
    return undefined;
  }
}

const within = (milliseconds, promise) =>
  Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail({ code: NO_AUDIO }), milliseconds))]);

export function open(emit) {
  let client;
  let token;
  let session;
  const devices = new Devices();
  let meter;
  /** Whether the microphone went away in a call, so that another one has to be taken. */
  let isDeaf = false;
  /** Runs while there is no session, and none is being opened. */
  let retry;
  /** Where each call is heard, by the SDK's id for it. */
  const legs = new Map();

  const sendersOf = (id) => client?.getPeerConnection(id)?.getSenders() ?? [];
  const senders = () => [...legs.keys()].flatMap(sendersOf);

  const remember = () => memory.save({ session, legs: [...legs.keys()] });

  const tellDevices = async () => emit("devices", await devices.look());

  const choose = (kind, id) => {
    devices.choose(kind, id);
    tellDevices();
  };

  const microphone = () => devices.chosen("audioinput");

  const leave = (id) => {
    if (!legs.delete(id)) return;
    remember();
    if (legs.size > 0) return;
    clearInterval(meter);
    meter = undefined;
    emit("level", 0);
  };

  /**
   * Which calls are over. The SDK takes one of two calls in a conversation for the other, and tells no end of a call that was
   * moved while it was being taken; but it closes the right connection.
   */
  const sweep = () => {
    for (const id of [...legs.keys()]) if (!client?.getPeerConnection(id)) leave(id);
  };

  const tellLevel = async () => {
    sweep();
    const [sender] = senders();
    const source = [...((await sender?.getStats())?.values() ?? [])].find(({ type }) => type === "media-source");
    if (source && legs.size > 0) emit("level", Math.round(100 * (source.audioLevel ?? 0)));
  };

  const watch = (track) =>
    whenLost(track ? [track] : [], () => {
      if (legs.size === 0) return;
      isDeaf = true;
      emit("stopped", "no-microphone");
    });

  /** The SDK always takes the default microphone: another comes in its place. */
  const replace = async (sender) => {
    const old = sender.track;
    const [track] = (await openMicrophone(microphone())).getAudioTracks();
    track.enabled = old?.enabled ?? true;
    await sender.replaceTrack(track);
    watch(track);
    old?.stop();
  };

  const speakInto = async (senders) => {
    try {
      await Promise.all(senders.map(replace));
    } catch (error) {
      return emit("stopped", microphoneProblem(error));
    }
    if (isDeaf) emit("ready");
    isDeaf = false;
  };

  const hear = (element) => {
    const speaker = devices.chosen("audiooutput");
    if (speaker !== undefined) element?.setSinkId?.(speaker).catch(tellDevices);
  };

  const joined = (id) => {
    const hearNewest = () => {
      // The SDK has an element for each call, and tells the newest: this one's, when its sound has come.
      const element = client?.getAudioOutputElement();
      legs.set(id, element);
      hear(element);
    };
    client.getPeerConnection(id)?.addEventListener("track", hearNewest);
    hearNewest();
    remember();
    meter ??= setInterval(tellLevel, LEVEL_MS);
    if (microphone()) speakInto(sendersOf(id));
    else for (const { track } of sendersOf(id)) watch(track);
  };

  const join = async (id) => {
    const mine = client;
    // The SDK joins before it asks for the microphone, hides why it has none, and can't leave again.
    const problem = await tryMicrophone(microphone());
    if (problem) {
      emit("stopped", problem);
      return mine.reject(id).catch(() => {});
    }
    try {
      await within(AUDIO_MS, mine.answer(id));
      if (mine === client) joined(id);
    } catch ({ code }) {
      // Otherwise another page was faster, or the caller gave up: to hang up would end a call that is not this page's.
      if (code !== NO_AUDIO) return;
      const connection = mine.getPeerConnection(id);
      connection?.getSenders().forEach(({ track }) => track?.stop());
      connection?.close();
      await mine.hangup(id).catch(() => {});
    }
  };

  /** Takes up a call whose audio was lost. One that is over can't be had again. */
  const resume = async (id) => {
    const mine = client;
    try {
      await within(AUDIO_MS, mine.reconnectCall(id));
      if (mine === client) joined(id);
    } catch {
      if (mine === client) leave(id);
    }
  };

  const connect = async () => {
    const mine = client;
    try {
      session = await mine.createSession(token, session);
    } catch (error) {
      // A session that nobody used for a while is no more.
      if (!session || PROBLEMS[error.code]) throw error;
      session = await mine.createSession(token);
    }
    if (mine !== client) return mine.deleteSession().catch(() => {});
    remember();
    emit("ready");
  };

  /** The session is gone for good. Calls go on, and can't be steered without one. */
  const again = async () => {
    const mine = client;
    retry = undefined;
    try {
      await connect();
    } catch ({ code }) {
      if (mine !== client) return;
      if (PROBLEMS[code] === "expired") emit("expiring");
      retry = setTimeout(again, RETRY_MS);
    }
  };

  const follow = (mine) => {
    mine.on("callInvite", join);
    mine.on("callMediaReconnecting", () => emit("reconnecting"));
    mine.on("callMediaReconnection", (id) => {
      joined(id);
      emit("ready");
    });
    mine.on("callMediaDisconnect", async (id) => {
      emit("reconnecting");
      await resume(id);
      emit("ready");
    });
    mine.on("reconnecting", () => emit("reconnecting"));
    mine.on("reconnection", () => emit("ready"));
    mine.on("sessionError", (reason) => {
      if (mine !== client) return;
      emit("reconnecting");
      // The SDK says so of every session that the cloud ends, and a new token harms none.
      if (reason === "EXPIRED_TOKEN") emit("expiring");
      clearTimeout(retry);
      retry = setTimeout(again, RETRY_MS);
    });
    navigator.mediaDevices.addEventListener("devicechange", tellDevices);
  };

  /** Lets go of the SDK, and returns it. */
  const release = () => {
    const mine = client;
    client = undefined;
    clearTimeout(retry);
    retry = undefined;
    navigator.mediaDevices.removeEventListener("devicechange", tellDevices);
    return mine;
  };

  const renew = async ({ token: fresh }) => {
    token = fresh;
    if (retry === undefined) return client?.refreshSession(fresh).catch(() => {});
    clearTimeout(retry);
    return again();
  };

  const orders = {
    /** Opens a session with a token. `settings` are options of the SDK's client. */
    async start({ token: fresh, settings }) {
      if (client) {
        await renew({ token: fresh });
        if (isDeaf) return speakInto(senders());
        if (retry === undefined) emit("ready");
        return;
      }
      const sdk = await load();
      if (!sdk) return emit("stopped", { install: "@vonage/client-sdk" });
      const problem = await tryMicrophone();
      if (problem) return emit("stopped", problem);
      token = fresh;
      const before = memory.load();
      session = before.session;
      client = new sdk.VonageClient({
        autoReconnectMedia: true,
        disableInternalLogger: true,
        // It would tell another host than the cloud's, each second.
        rtcStatsTelemetry: false,
        ...settings,
      });
      const mine = client;
      follow(mine);
      // Before a call is taken up, with what is chosen.
      await tellDevices();
      try {
        await connect();
      } catch ({ code }) {
        if (mine === client) release();
        return emit("stopped", PROBLEMS[code] ?? 0);
      }
      for (const id of before.legs ?? []) resume(id);
    },
    renew,
    async stop() {
      const mine = release();
      const ids = [...legs.keys()];
      ids.forEach(leave);
      session = undefined;
      memory.save({});
      await Promise.allSettled(ids.map((id) => mine?.hangup(id)));
      await mine?.deleteSession().catch(() => {});
    },
    microphone(id) {
      choose("audioinput", id);
      return speakInto(senders());
    },
    speaker(id) {
      choose("audiooutput", id);
      for (const element of legs.values()) hear(element);
    },
    "test-speaker": () => {
      const sound = new Audio(tone(0.5, 440));
      hear(sound);
      return sound.play();
    },
  };
  // Keys are the gateway's to press, for the SDK does not tell whose call a leg belongs to.
  return (order, value) => orders[order](value);
}
