import "../spec/anything.ts";
