import "../render/anything.ts";
