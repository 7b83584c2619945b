// What the widget says on the wire, with what differs from run to run replaced as `Host.take` does.

const message = (type, data) => ({ type, messageId: "<id>", ...(data && { data }) });

export const loggedIn = message("LOGGED_IN");
export const loggedOut = message("LOGGED_OUT");
export const available = message("USER_AVAILABLE");
export const unavailable = message("USER_UNAVAILABLE");
export const initialized = (data) => message("INITIALIZED", data);
export const error = (text) => message("ERROR", { message: text });

/** The numbers of the mock network; see `providers/mock/src/numbers.rs`. */
export const NUMBERS = {
  own: "+16175550150",
  account: "+16175550190",
  answers: "+16175550100",
  answersAfter3s: "+16175550103",
  answersAfter8s: "+16175550108",
  busy: "+16175550110",
  noAnswer: "+16175550111",
  rejects: "+16175550112",
  unreachable: "+16175550113",
  invalid: "+16175550114",
  notAllowed: "+16175550115",
  drops: "+16175550116",
  echoes: "+16175550117",
  hangsUp: "+16175550118",
};

export const outgoing = (toNumber, call = 1) =>
  message("OUTGOING_CALL_STARTED", {
    externalCallId: `<call ${call}>`,
    toNumber,
    fromNumber: NUMBERS.own,
    callStartTime: "<time>",
    createEngagement: true,
  });

export const incoming = (fromNumber, call = 1) =>
  message("INCOMING_CALL", {
    externalCallId: `<call ${call}>`,
    fromNumber,
    toNumber: NUMBERS.account,
    callStartTime: "<time>",
    createEngagement: true,
  });

export const answered = (call = 1) => message("CALL_ANSWERED", { externalCallId: `<call ${call}>` });
export const transferred = (call = 1) => message("CALL_TRANSFERRED", { externalCallId: `<call ${call}>` });

export const ended = (callEndStatus, engagementId, call = 1) =>
  message("CALL_ENDED", { externalCallId: `<call ${call}>`, ...(engagementId && { engagementId }), callEndStatus });

export const completed = (engagementProperties, engagementId, { call = 1, hideWidget = true } = {}) =>
  message("CALL_COMPLETED", {
    externalCallId: `<call ${call}>`,
    ...(engagementId && { engagementId }),
    hideWidget,
    engagementProperties: { hs_timestamp: "<time>", ...engagementProperties },
  });

export const navigateToRecord = (objectCoordinates, engagementId) =>
  message("NAVIGATE_TO_RECORD", { objectCoordinates, engagementId });
