// The smallest load: one GET per iteration.
import http from 'k6/http';

const url = __ENV.TARGET;

export default function () {
  http.get(url);
}
