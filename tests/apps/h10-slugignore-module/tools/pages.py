PAGE = 'hello'
