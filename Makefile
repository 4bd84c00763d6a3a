# `make` alone prints what there is. Everything it makes is in .venv/ and build/.
# `make setup PYTHON=...` chooses the Python of .venv, `make device BOARD=...` whose pins.
BOARD ?=
VERSION ?=
SIGN ?=
PORT ?=
PROVISION ?=
# One worker a core for the scenarios: they are processes that mostly wait. A file stays on one worker.
WORKERS ?= auto
PY := .venv/bin/python
PYTEST := $(PY) -m pytest
# mypy with MicroPython as its library, one port at a time: `machine` is another on each.
TYPES = $(PY) -m mypy --custom-typeshed-dir build/typings/$(1) --cache-dir build/mypy/$(1)

RP2 := $(wildcard hal/rp2*.py)
ESP32 := $(wildcard hal/esp32*.py)

.DEFAULT_GOAL := help
.PHONY: help setup test fetch rig sim lint unit host scenarios emulator emulated cover size figures table image \
  deploy device bundle ci clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## .venv, MicroPython, the bench's clock: once, into this folder, no root
	@sh tools/setup.sh

# What downloads waits and lint has one core: in pairs. --output-sync: a list of offences stays in one piece.
test: ## everything: lint, unit, host and emulated tests, scenarios
	@$(MAKE) --no-print-directory -j 2 fetch setup
	@$(MAKE) --no-print-directory -j 2 --output-sync rig lint
	@$(PYTEST) tests -n $(WORKERS) --dist loadfile

# What the emulated board is made with, before there is a .venv. `rig` tries again what fails here, and says so.
fetch:
	@sh tools/emulator/setup.sh fetch || :

rig: setup
	@sh tools/emulator/setup.sh || echo "make test: without the emulated board, its tests skip"
	@$(PY) tools/image.py --unix 32 || echo "make test: without the 32-bit port, no test has a chip's heap"

sim: setup ## a charge point on this screen: plug a car, swipe a card, watch the wire
	@$(PY) tools/sim.py

lint: setup ## ruff, mypy with the MicroPython stubs, the laws of the house
	@ok=0; $(PY) -m ruff check . || ok=1; \
	$(call TYPES,unix) firmware hal --exclude '^hal/(rp2|esp32)' || ok=1; \
	$(if $(RP2),$(call TYPES,rp2) $(RP2) || ok=1;) \
	$(if $(ESP32),$(call TYPES,esp32) $(ESP32) || ok=1;) \
	$(PY) -m mypy --follow-imports silent --cache-dir build/mypy/tools tools \
	  --exclude '^tools/(emu|figures|wsecho)' || ok=1; \
	$(PY) tools/boards.py || ok=1; \
	$(PY) tools/check.py || ok=1; exit $$ok

unit: setup ## tests/unit on CPython and on MicroPython
	@$(PYTEST) tests/unit

host: setup ## tests/host: CPython only, with the libraries of other people
	@$(PYTEST) tests/host

scenarios: setup ## tests/scenarios: the firmware with a car, a card, a meter and a CSMS
	@$(PYTEST) tests/scenarios -n $(WORKERS) --dist loadfile

emulator: setup ## the RP2040 image and what it runs on here: rp2040js, slirp, a boot ROM
	@sh tools/emulator/setup.sh

emulated: emulator ## tests/emulated: that image with the car, the card, the meter and the CSMS
	@$(PYTEST) tests/emulated -n $(WORKERS) --dist loadfile

cover: setup ## lines of firmware and hal run by unit and host tests, on CPython and on MicroPython
	@$(PYTEST) tests/unit tests/host -q -n $(WORKERS) --dist loadfile --cov --cov-report=
	@$(PY) tools/cover.py

size: setup ## bytes of .mpy and of heap, room by room
	@$(PY) tools/size.py

figures: size ## the figures of the documentation, measured again
	@for f in tools/figures/*.py tests/bench_*.py; do [ ! -f "$$f" ] || { echo "== $$f"; $(PY) "$$f" || exit 1; }; done

table: setup ## the OCPP coverage table of README.md and docs/, from the code
	@$(PY) tools/ocpp_table.py

image: setup ## build/image/$(BOARD): MicroPython with everything frozen, BOARD=... (MPY_DIR= upstream's tree)
	@$(PY) tools/image.py $(BOARD)

deploy: setup ## BOARD=... PORT=/dev/tty...: its image onto the chip; FILES=1: a satellite's .mpy onto stock MicroPython
	@$(PY) tools/deploy.py $(BOARD) $(if $(FILES),,--image) $(if $(PORT),--port $(PORT)) \
	  $(if $(PROVISION),--provision $(PROVISION))

device: setup ## build/device: firmware and hal as .mpy, with BOARD=... that board's pins
	@$(PY) tools/compile.py $(BOARD)

bundle: setup ## build/bundle: an update package, BOARD=... for that board, VERSION=x.y.z, SIGN=key.pem[,cert.pem]
	@$(PY) tools/bundle.py $(if $(VERSION),--version $(VERSION)) $(if $(BOARD),--board $(BOARD)) \
	  $(if $(SIGN),--sign $(SIGN))

ci: test size ## what CI runs, and the sizes

clean: ## forget everything made here
	rm -rf .venv build .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
