import type { Check } from "../harness/check.ts";
import { conformance } from "./conformance.ts";

/** Every check, quick and telling ones first. */
export const checks: readonly Check[] = [conformance];
