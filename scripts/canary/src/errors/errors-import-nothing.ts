import "../cli/anything.ts"; // nobody-imports-cli, errors-import-nothing
