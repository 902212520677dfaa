export function settings() {
  // open() alone would begin at the script that is being loaded.
  return JSON.parse(open(import.meta.resolve(`../../config/${__ENV.STAGE || 'test'}.json`)));
}
export const baseUrl = __ENV.URL;
