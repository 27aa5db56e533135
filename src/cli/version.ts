import description from "../../package.json" with { type: "json" };

/** The version of promfleet. */
export const { version } = description;
