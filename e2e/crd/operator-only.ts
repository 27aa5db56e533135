/** Of src/spec/testdata, what an API server can not see to be wrong, and why. The operator says it on the status. */
export const onlyTheOperatorRefuses: Readonly<Record<string, string>> = {
  "regexes.bad.yaml": "it does not compile the regular expressions of others",
  "secrets.bad.yaml": "passwords are kept as they are: a message of the API server would repeat them",
  "through-an-alias.bad.yaml": "durations of scrape configs are kept as they are",
};
