# Starts a thread, and waits for it.

import threading

numbers = []
try:
    thread = threading.Thread(target=numbers.append, args=(7,))
    thread.start()
    thread.join()
    print("works" if numbers == [7] else "the thread did nothing")
except RuntimeError as error:
    print(error)
