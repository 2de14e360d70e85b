from tools.pages import PAGE

print(PAGE)
