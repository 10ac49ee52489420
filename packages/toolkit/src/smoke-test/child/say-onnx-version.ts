/** Loads ONNX Runtime and tells its version: what can't load fails here, in a process of its own. */
import { env } from 'onnxruntime-node';

process.stdout.write(env.versions.node ?? 'of an unknown version');
