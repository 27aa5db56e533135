import "./anything.test.ts";
