/**
 * Turns the telemetry of the runtime off; its library reads the variable with the first session. onnxruntime 1.30 otherwise writes an
 * identifier of the machine and a queue of events below `~/.cache/Microsoft` (Linux, macOS) and sends them to its maker. Attune uses no
 * network unasked.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
