# Recipes for people. `just` alone lists them; what a change has to pass is `.ci/run`.

_default:
    @just --list

# Everything a change has to pass.
check:
    .ci/run

# Unit and system tests; arguments narrow them down: `just test relay::`.
test *ARGS:
    cargo test --locked {{ARGS}}

# The tests of one room, quickly: `just room relay`.
room ROOM:
    cargo test --locked --lib {{ROOM}}::

# Formats the code and applies what clippy knows how to mend.
tidy:
    cargo fmt --all
    cargo clippy --all-targets --locked --fix --allow-dirty --allow-staged -- -D warnings

# Three domains on loopback that tell a story; stays up until Ctrl-C unless given `--once`.
demo *ARGS:
    cargo run --locked --release -- demo {{ARGS}}

# Benchmarks.
bench *ARGS:
    cargo bench --locked {{ARGS}}

# Documentation of the code, in a browser.
docs:
    cargo doc --no-deps --locked --open

# A fuzz target for so many seconds (needs a nightly toolchain and cargo-fuzz): `just fuzz csp_xml 3600`. What earlier
# runs found interesting is unpacked first.
fuzz TARGET SECONDS="600":
    [ -d fuzz/corpus/{{TARGET}} ] || tar -C fuzz/corpus -xJf fuzz/corpus/{{TARGET}}.tar.xz
    cargo +nightly fuzz run {{TARGET}} -- -max_total_time={{SECONDS}} -max_len=8192

# Every fuzz target for so many seconds each; an hour each is `just fuzz-all 3600`.
fuzz-all SECONDS="600":
    for target in $(cargo +nightly fuzz list); do just fuzz "$target" {{SECONDS}} || exit 1; done

# A million mutated documents of each syntax; the ordinary test, unoptimised, does 1 % of it.
mutate:
    cargo test --locked --release --lib hostile -- --nocapture

# Kills nodes under load so many times and counts what was lost; the ordinary test does 1 % of it.
kill COUNT="1000":
    POSTERN_KILLS={{COUNT}} cargo test --locked --release --test stories crash -- --nocapture

# So many mutated documents thrown at a node; the ordinary test does 1 % of it.
hostile COUNT="10000":
    POSTERN_HOSTILE={{COUNT}} cargo test --locked --release --test stories hostile -- --nocapture

# So many simulated federations with loss, delay, doubling and crashes; the ordinary test does 1 % of them.
storm COUNT="100000":
    TRIO_SEEDS={{COUNT}} cargo test --locked --release --test trio storm -- --nocapture

# Licences, doubles and origins of dependencies.
deny:
    cargo deny --locked check licenses bans sources
