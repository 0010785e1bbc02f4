import './telemetry.ts';

/** The one door to the runtime's package: whoever needs it imports from here, so that its telemetry is off before its library loads. */
export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
