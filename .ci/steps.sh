#!/usr/bin/env bash
# The steps of CI. `bash .ci/steps.sh STEP` runs one of them in the current folder, a checkout; .ci/run and
# .github/workflows/ci.yml call nothing else. A step ends at the first command that fails, with that command's exit
# status. Environments and builds go to the folder $ROOM. It runs with bash 3.2 too, which macOS has.
set -euo pipefail

PYTHON=${PYTHON:-python3.11}
ROOM=${ROOM:?set ROOM to a folder for environments and builds}
export XNER_CACHE=$ROOM/cache # nothing from earlier runs

# The README's set-up commands, word for word: tests/docs/rules.py compares them.
TESTS='pip install -c constraints.txt -e ".[test]" && python -m pytest'
MAIN_JOB='pip install -c constraints.txt -e ".[offline]" && python -m spacy project run all'

# Programs that the README's commands do not install: the tests must pass without them.
HIDDEN=(apertium 'apertium-*' 'lt-*' 'lrx-*' 'lsx-*' 'rtx-*' 'cg-*' 'hfst-*' dict dictd
    'chromium*' 'chrome*' 'google-chrome*' 'firefox*')

# Run a line as a user types it. `set -e` ignores a failure to the left of `&&`; the exit status of bash does not.
run_line() {
    echo "+ $1"
    bash -euo pipefail -c "$1"
}

# environment NAME: make a new virtual environment in $ROOM and activate it.
environment() {
    rm -rf "${ROOM:?}/$1"
    "$PYTHON" -m venv "$ROOM/$1"
    activate "$1"
}

activate() {
    if [ ! -f "$ROOM/$1/bin/activate" ]; then
        echo "The step needs the environment that the step 'tests' makes: $ROOM/$1" >&2
        return 1
    fi
    source "$ROOM/$1/bin/activate"
}

is_hidden() {
    local pattern
    for pattern in "${HIDDEN[@]}"; do
        # shellcheck disable=SC2254 # the pattern is meant as a pattern
        case $1 in $pattern) return 0 ;; esac
    done
    return 1
}

# Take the hidden programs off PATH: a folder that holds one is replaced by a folder of links to its other programs.
hide_programs() {
    local folder pattern file path='' kept found names=() number=0
    local IFS=:
    for folder in $PATH; do
        found=
        for pattern in "${HIDDEN[@]}"; do
            if compgen -G "$folder/$pattern" >/dev/null; then found=1; fi
        done
        kept=$folder
        if [ "$found" ]; then
            number=$((number + 1))
            kept=$ROOM/path/$number
            rm -rf "$kept" && mkdir -p "$kept"
            names=()
            for file in "$folder"/*; do
                if ! is_hidden "${file##*/}"; then names+=("$file"); fi
            done
            if [ ${#names[@]} -gt 0 ]; then ln -s "${names[@]}" "$kept"; fi
            echo "Some programs of $folder are hidden."
        fi
        path=${path:+$path:}$kept
    done
    PATH=$path
    hash -r
    if command -v apertium chromium firefox dictd lt-proc >/dev/null; then
        echo "These programs should be hidden: $(command -v apertium chromium firefox dictd lt-proc)" >&2
        return 1
    fi
}

# The README's test command, where only what it installs is there.
step_tests() {
    environment venv
    hide_programs
    run_line "$TESTS"
}

# The tests that need a program of their own; each is skipped unless its program is installed.
step_program() {
    activate venv
    if ! command -v apertium >/dev/null; then
        echo "skipped: Apertium is not installed"
        return 0
    fi
    python -m pytest -m "program and not network"
}

step_slow() {
    activate venv
    hide_programs
    python -m pytest -m "slow and not network and not program"
}

step_lint() {
    activate venv
    ruff check .
    ruff format --check .
    mypy
}

# Build the documentation site. A warning, such as one for a link that leads nowhere, is an error. The tests of what is
# drawn need the site's packages.
step_docs() {
    activate venv
    pip install -c constraints.txt -e ".[docs]"
    python -m pytest tests/docs/test_diagrams.py
    python -m sphinx --fail-on-warning --keep-going --nitpicky --fresh-env --quiet docs "$ROOM/site"
}

# Build sdist and wheel, install the wheel, and run the tests on what is installed: its source is gone.
step_wheel() {
    activate venv
    rm -rf "$ROOM/dist" "$ROOM/elsewhere"
    python -m build --outdir "$ROOM/dist" .
    local wheel
    wheel=$(echo "$ROOM"/dist/spacy_xner-*.whl)
    mkdir "$ROOM/elsewhere"
    git archive HEAD | tar -x -C "$ROOM/elsewhere"
    rm -r "$ROOM/elsewhere/spacy_xner"
    environment wheel-venv
    hide_programs
    pip install -c constraints.txt "${wheel}[test]"
    cd "$ROOM/elsewhere"
    local installed
    installed=$(python -c 'import pathlib, spacy_xner; print(pathlib.Path(spacy_xner.__file__).parent)')
    echo "Testing $installed"
    case $installed in */site-packages/*) ;; *) return 1 ;; esac
    ln -sf "$installed/configs/xner.cfg" configs/xner.cfg # a link into the source, which is gone
    python -m pytest
}

# The main job: corpora, training, scores and a package, in an environment with nothing but what its line installs.
step_main() {
    environment main-venv
    hide_programs
    run_line "$MAIN_JOB"
}

if [ $# -ne 1 ] || [ "$(type -t "step_$1")" != function ]; then
    echo "usage: ROOM=FOLDER bash .ci/steps.sh tests|program|slow|lint|docs|wheel|main" >&2
    exit 2
fi
"step_$1"
