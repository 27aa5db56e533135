import "./no-cycles.ts";
