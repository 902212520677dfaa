import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

export const metrics = {
  orders: new Counter('orders_placed'),
  stock: new Gauge('stock_left'),
  abandoned: new Rate('carts_abandoned'),
  basket: new Trend('basket_value'),
  took: new Trend('journey_time', true),
};

export function timed(name, f) {
  const start = Date.now();
  try {
    return f();
  } finally {
    metrics.took.add(Date.now() - start, { journey: name });
  }
}
