import "../gateway/anything.ts";
