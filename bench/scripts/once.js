// One empty iteration: for the time from start to exit.
export default function () {}
