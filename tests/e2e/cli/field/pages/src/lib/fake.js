// Data that looks like people's, the same for the same seed.
class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  next() {
    this.state = (Math.imul(this.state ^ (this.state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 13), 3266489917) >>> 0;
    return ((t ^ (t >>> 16)) >>> 0) / 2 ** 32;
  }
  int(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }
  pick(list) {
    return list[this.int(0, list.length - 1)];
  }
}

const LOCALES = {
  de: { first: ['Jürgen', 'Käthe', 'Sönke'], last: ['Müller', 'Groß', 'Weiß'], streets: ['Ährenweg', 'Lindenallee'] },
  en: { first: ['Ann', 'Bob'], last: ['Smith'], streets: ['High Street'] },
};

const plain = (text) =>
  text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .replaceAll('ß', 'ss')
    .toLowerCase();

export function makeFake({ seed = Date.now(), locale = 'en' } = {}) {
  const random = new Random(seed);
  const words = LOCALES[locale];
  const fake = {
    helpers: {
      arrayElement: (list) => random.pick(list),
      fake: (pattern) => pattern.replace(/\{\{(\w+)\.(\w+)\}\}/g, (_, group, name) => fake[group][name]()),
      replaceSymbols: (pattern) => pattern.replace(/[#?]/g, (c) => (c === '#' ? random.int(0, 9) : String.fromCharCode(random.int(65, 90)))),
    },
    person: {
      firstName: () => random.pick(words.first),
      lastName: () => random.pick(words.last),
      get fullName() {
        return () => `${this.firstName()} ${this.lastName()}`;
      },
    },
    internet: { email: () => `${plain(random.pick(words.first))}.${plain(random.pick(words.last))}@example.com` },
    address: { street: () => `${random.pick(words.streets)} ${random.int(1, 99)}` },
    date: { birthdate: ({ min = 18, max = 80 } = {}) => new Date(Date.UTC(2000 - random.int(min, max), random.int(0, 11), random.int(1, 28))) },
  };
  return new Proxy(fake, {
    get(target, name) {
      if (!(name in target)) throw new TypeError(`no fake ${String(name)}`);
      return target[name];
    },
  });
}
