import time

print('ready')
while True:
    time.sleep(1)
