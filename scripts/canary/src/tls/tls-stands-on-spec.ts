import "../local/targets-do-not-know-each-other.ts";
