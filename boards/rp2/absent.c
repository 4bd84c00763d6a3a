// MicroPython's main calls these also where the configuration has no I2S.
void machine_i2s_init0(void);
void machine_i2s_deinit_all(void);

void machine_i2s_init0(void) {
}

void machine_i2s_deinit_all(void) {
}
