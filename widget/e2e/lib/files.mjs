// Where things lie.
import { fileURLToPath } from "node:url";

const inRepository = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The bundles under test, as `cargo xtask test` builds them. */
const DIST = process.env.CORDBOARD_DIST ?? inRepository("dist");

export const SOFTPHONE = `${DIST}/softphone`;
export const SIMULATOR = `${DIST}/cordboard-simulator`;
export const SCREENSHOTS = inRepository("target/screenshots");

/** The official SDK as a script that sets `window.IFrameManager`. */
export const sdkScript = (version) => inRepository(`node_modules/sdk-${version}/dist/main.js`);
