/**
 * The classes of ONNX Runtime, without `Float16Array`. Node 24 has this global; onnxruntime-common then wraps the bits of
 * a float16 input in it, and onnxruntime-node 1.30 reads such an array as empty ("not enough space: expected 8, got 0",
 * microsoft/onnxruntime#26791). It looks for the global when the first tensor is made, so it must be gone before that.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

Reflect.deleteProperty(globalThis, 'Float16Array');

export { InferenceSession, Tensor };
