// Iterations that do nothing: what the engine itself costs.
export default function () {}
