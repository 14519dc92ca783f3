# Sourced by tests of `make install`: what holds of every layout of an httpd. The script sets $tree, the
# folder with that httpd's files, $configuration, that of httpd.conf, $program, the httpd itself, $errors, its
# error log, and defines make_, by which make knows its apxs.
# shellcheck shell=bash disable=SC2154 # the script sets these

refused() { ! "$@"; }
files() { (cd "$1" && find . -type f ! -path './run/*' ! -path './logs/*' ! -path './build/*' | sort); }

# Somebody may take the port between the look and the start: then another one.
start() {
    for _ in 1 2 3 4 5; do
        port=$((20000 + RANDOM))
        setsid "$program" -D FOREGROUND -f "$configuration/httpd.conf" -c "Listen 127.0.0.1:$port" >>"$said" 2>&1 &
        server=$!
        for _ in $(seq 100); do
            curl -s --noproxy '*' -o /dev/null "http://127.0.0.1:$port/" && return
            kill -0 "$server" 2>/dev/null || break
            sleep 0.1
        done
        kill "$server" 2>/dev/null
        wait "$server"
        server=
    done
    cat "$errors"
    return 1
}
answers() {
    start || return
    is '{"factorial":120}' "$(curl -s --noproxy '*' --max-time 20 "http://127.0.0.1:$port/api/v1/factorial?number=5")"
    local result=$?
    stop
    return "$result"
}
stop() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; }
    server=
}

# What holds of each layout; CONF is the file with the directives.
check_layout() { # NAME CONF
    local name=$1 conf=$tree/$2
    files "$tree" >"$work/before"
    check "$name: make install" make_ install
    sed -n '/^LoadModule\|^Include/p' "$said" >>"$configuration/httpd.conf"
    check "$name: httpd answers" answers
    check "$name: a stage has the same files in the same places" make_ install DESTDIR="$work/stage"
    check "$name: all of them" is "$(files "$tree" | grep factorial)" "$(files "$work/stage/$tree")"
    rm -rf "$work/stage"
    sed -i 's/#FactorialMaxNumber .*/FactorialMaxNumber 50/' "$conf"
    check "$name: make install over a changed configuration" make_ install
    check "$name: keeps it" grep -q 'FactorialMaxNumber 50' "$conf"
    check "$name: and puts the new one beside it" test -e "$conf.new"
    if grep -q '^LoadModule factorial' "$configuration/httpd.conf"; then
        check "$name: make uninstall is refused while httpd.conf names the module" refused make_ uninstall
        sed -i '/factorial/d' "$configuration/httpd.conf"
    fi
    check "$name: make uninstall" make_ uninstall
    check "$name: leaves only the changed configuration" \
        is "$(basename "$conf")" "$(comm -13 "$work/before" <(files "$tree") | sed 's#.*/##; s/\.saved$//')"
    check "$name: httpd starts without the module" start
    stop
}
