import "./no-cycles-too.ts";
