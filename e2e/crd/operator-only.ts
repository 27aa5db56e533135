/** Of src/spec/testdata, what an API server can not see to be wrong, and why. The operator says it on the status. */
export const onlyTheOperatorRefuses: Readonly<Record<string, string>> = {};
