#!/bin/sh
# What somebody does who has just heard of promfleet. Runs in a fresh room: a repository, Node 20, npm, make, git.
# usage: steps.sh REPOSITORY FOLDER NPM_MAJOR [test]
set -eu
repository=$1 folder=$2 major=$3
step() { echo "@@ $(date +%s) $*"; }

answers() { # whether the gateway of the fleet answers a query
  url=$(bin/promfleet status -o json | node -p 'JSON.parse(require("fs").readFileSync(0, "utf8")).gateway')
  node -e '
    const url = process.argv[1] + "/api/v1/query?query=count(up)";
    const ask = async (left) => {
      const answer = await fetch(url).then((response) => response.json()).catch((error) => ({ error: String(error) }));
      if (answer.status === "success" && answer.data.result.length > 0) return console.log(url, answer.data.result[0].value[1]);
      if (left === 0) throw new Error(`${url}: ${JSON.stringify(answer)}`);
      setTimeout(() => ask(left - 1), 1000);
    };
    ask(30);' "$url"
}

mkdir -p "$folder" "$HOME"
settings=$(dirname "$0")/npmrc
[ ! -f "$settings" ] || cp "$settings" "$HOME/.npmrc"
step "npm $major is installed"
# npm 12 does not run on Node 20: who has it has a newer one
[ "$major" -lt 12 ] || PATH=$(dirname "$0")/newer-node:$PATH
npm install --global --loglevel=error --no-audit --no-fund --prefix "$folder/npm" "npm@$major"
PATH=$folder/npm/bin:$PATH
export PATH
echo "node $(node --version), npm $(npm --version), $(make --version | head -1), $(git --version)"
step "git clone"
git clone --quiet "$repository" "$folder/promfleet"
cd "$folder/promfleet"
step "make up, the first time"
make up
step "the address answers"
answers
step "make up on a running fleet"
make up
answers
step "make down"
make down
step "make up with its programs there"
make up
answers
step "make down again"
make down
step "nothing in the clone has changed"
test -z "$(git status --porcelain)" || { git status --short; exit 1; }
if [ "${4:-}" = test ]; then
  step "make test"
  make test
fi
step "done"
