#!/bin/sh
# Installs Slack's own clients into a folder: install.sh python|node FOLDER. Quick when they are there already.
set -eu
kind=$1
folder=$2/$kind
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"

case $kind in
python)
    wanted="$here/requirements.txt"
    if ! cmp -s "$wanted" "$folder/requirements.txt"; then
        rm -rf "$folder/venv"
        python3 -m venv "$folder/venv"
        "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
    fi
    cp "$here"/*.py "$folder/"
    ;;
node)
    wanted="$here/package-lock.json"
    if ! cmp -s "$wanted" "$folder/installed.json"; then
        cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder/"
        (cd "$folder" && npm ci --silent --no-progress)
    fi
    # Modules are looked up from where the script stands.
    cp "$here"/*.mjs "$folder/"
    ;;
*)
    echo "install.sh python|node FOLDER" >&2
    exit 2
    ;;
esac
# Last, so that an installation that broke off is done again.
if [ "$kind" = python ]; then cp "$wanted" "$folder/requirements.txt"; else cp "$wanted" "$folder/installed.json"; fi
