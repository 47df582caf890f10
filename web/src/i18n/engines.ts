/** What engines and formats are called by those who make them, in any language. */
const NAMES: Readonly<Record<string, string>> = {
  onnx: 'ONNX',
  onnxruntime: 'ONNX Runtime',
  openvino: 'OpenVINO',
  torch: 'PyTorch',
  pytorch: 'PyTorch',
};

/** The name of a backend or of a format; that of a plugin's own as it is. */
export function engineName(name: string): string {
  return NAMES[name] ?? name;
}
