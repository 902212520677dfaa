const LOGIN = `mutation Login($user: String!) { login(user: $user) { token } }` as const;
export default LOGIN;
