import "../plan/anything.ts";
